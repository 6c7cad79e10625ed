import { InitialSchema1515062400000 } from './1515062400000-initial-schema.js';
import { ShippingAddresses1531742400000 } from './1531742400000-shipping-addresses.js';
import { PaidAndCancelledOrders1548676800000 } from './1548676800000-paid-and-cancelled-orders.js';
import { OrderTags1561939200000 } from './1561939200000-order-tags.js';
import { LoyaltyAndPreferences1577923200000 } from './1577923200000-loyalty-and-preferences.js';
import { BooksAndGadgets1594598400000 } from './1594598400000-books-and-gadgets.js';
import { CouponsAndReviews1610928000000 } from './1610928000000-coupons-and-reviews.js';
import { StockMovements1627257600000 } from './1627257600000-stock-movements.js';
import { VersionsAndSoftDelete1641772800000 } from './1641772800000-versions-and-soft-delete.js';
import { LargerAmounts1658102400000 } from './1658102400000-larger-amounts.js';
import { JobRecords1673827200000 } from './1673827200000-job-records.js';
import { LookupIndices1700006400000 } from './1700006400000-lookup-indices.js';

export const migrations = [
  InitialSchema1515062400000,
  ShippingAddresses1531742400000,
  PaidAndCancelledOrders1548676800000,
  OrderTags1561939200000,
  LoyaltyAndPreferences1577923200000,
  BooksAndGadgets1594598400000,
  CouponsAndReviews1610928000000,
  StockMovements1627257600000,
  VersionsAndSoftDelete1641772800000,
  LargerAmounts1658102400000,
  JobRecords1673827200000,
  LookupIndices1700006400000,
];
