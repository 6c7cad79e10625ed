'use strict';

// The e2e suites of the shop run with Backstory, every aggregate in this stage.
process.env.SHOP_WITH_BACKSTORY = 'events';
