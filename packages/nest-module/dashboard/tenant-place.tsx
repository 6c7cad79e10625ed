import { linkToTenant } from './route.js';

interface TenantPlaceProps {
  tenant: string | null;
  /** Whether there is a history beside those of the tenants. */
  own: boolean;
  /** The page that is looked at. */
  place: string | undefined;
  /** Whether that is the list of tenants. */
  choosing: boolean;
}

/** These pages have no ids of one tenant in their address, so they are there for another. */
const alike = ['browse', 'streams', 'consumers', 'log', 'doctor'];

/** Whose history is looked at, and the way to others. */
export function TenantPlace({ tenant, own, place, choosing }: TenantPlaceProps) {
  const at = place !== undefined && alike.includes(place) ? place : '';
  const list = linkToTenant(null, 'tenants') + (at === '' ? '' : `?at=${at}`);
  if (choosing)
    return (
      <span class="tenant">
        {own ? <a href={linkToTenant(null)}>Shared by all tenants</a> : 'No tenant is chosen'}
      </span>
    );
  return (
    <span class="tenant">
      {tenant === null ? (
        'Shared by all tenants'
      ) : (
        <>
          Tenant <b>{tenant}</b>
        </>
      )}{' '}
      <a href={list}>all tenants</a>
    </span>
  );
}
