import { useLayoutEffect, useRef } from 'preact/hooks';
import { AggregatePage } from './aggregate-page.js';
import type { SessionAnswer } from './answers.js';
import { address } from './api.js';
import { BrowsePage } from './browse-page.js';
import { ConsumersPage } from './consumers-page.js';
import { CorrelationPage } from './correlation-page.js';
import { DoctorPage } from './doctor-page.js';
import { LogPage } from './log-page.js';
import { OverviewPage } from './overview-page.js';
import { type Chosen, linkTo, linkToTenant, type Route, useAddress } from './route.js';
import { StreamPage } from './stream-page.js';
import { StreamsPage } from './streams-page.js';
import { TenantPlace } from './tenant-place.js';
import { TenantsPage } from './tenants-page.js';
import { usePolled } from './use-polled.js';

const places = [
  { name: 'Overview', parts: [], owns: ['aggregate'] },
  { name: 'Browse', parts: ['browse'], owns: ['correlation'] },
  { name: 'Streams', parts: ['streams'], owns: ['stream'] },
  { name: 'Consumers', parts: ['consumers'], owns: [] },
  { name: 'Log', parts: ['log'], owns: [] },
  { name: 'Doctor', parts: ['doctor'], owns: [] },
] as const;

const session = address('session');

interface AppProps {
  title: string;
  /** Whether there is a history that is no tenant's. */
  own: boolean;
  /** Whether there are tenants. */
  tenants: boolean;
}

export function App({ title, own, tenants }: AppProps) {
  const { tenant, route, chosen } = useAddress();
  const main = useRef<HTMLElement>(null);
  const { body } = usePolled<SessionAnswer>(session, 60_000);
  const here = linkToTenant(tenant, ...route);
  // without a history that is nobody's there is nothing to look at until a tenant is chosen
  const choosing = tenant === null && tenants && (route[0] === 'tenants' || !own);
  const first = useRef(true);
  // before the page is seen: who types on, does so where he is
  useLayoutEffect(() => {
    const heading = main.current?.querySelector('h1');
    document.title = [heading?.textContent ?? '', ...(tenant === null ? [] : [tenant]), title].join(' · ');
    // who listens to the page hears where the link has led
    if (!first.current) heading?.focus();
    first.current = false;
    scrollTo(0, 0);
  }, [here, title]);
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => skip(event, main.current)}>
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href={linkTo()}>
          {title}
        </a>
        {tenants && <TenantPlace tenant={tenant} own={own} place={route[0]} choosing={choosing} />}
        <nav aria-label="Pages">
          {(choosing && !own ? [] : places).map(({ name, parts, owns }) => (
            <a
              key={name}
              href={linkTo(...parts)}
              aria-current={isWithin(route, parts[0], owns) ? 'page' : undefined}
            >
              {name}
            </a>
          ))}
        </nav>
        {body && (
          <span
            class="visitor"
            title={
              body.changes
                ? `What you change here is recorded as done by "${body.actor}"`
                : 'You may look at everything, and change nothing: allowChanges of BackstoryDashboardModule decides'
            }
          >
            {body.changes ? `You are ${body.actor}` : 'You may look only'}
          </span>
        )}
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {choosing ? (
          <TenantsPage chosen={chosen} />
        ) : (
          <Page key={tenant} route={route} chosen={chosen} changes={body?.changes ?? false} />
        )}
      </main>
    </>
  );
}

interface PageProps {
  route: Route;
  chosen: Chosen;
  changes: boolean;
}

function Page({ route: [place, ...parts], chosen, changes }: PageProps) {
  const [name = '', id] = parts;
  if (place === undefined) return <OverviewPage chosen={chosen} changes={changes} />;
  if (place === 'aggregate') return <AggregatePage key={name} name={name} changes={changes} />;
  if (place === 'browse') return <BrowsePage search={chosen} />;
  if (place === 'correlation') return <CorrelationPage key={name} id={name} around={chosen.around} />;
  if (place === 'streams') return <StreamsPage key={name} aggregate={name} id={id ?? ''} />;
  if (place === 'stream' && id !== undefined)
    return (
      <StreamPage key={`${name}/${id}`} aggregate={name} id={id} event={chosen.event} changes={changes} />
    );
  if (place === 'consumers') return <ConsumersPage asked={chosen.parked} changes={changes} />;
  if (place === 'log') return <LogPage />;
  if (place === 'doctor') return <DoctorPage />;
  return <h1 tabIndex={-1}>There is no such page</h1>;
}

function isWithin([place]: Route, own: string | undefined, owns: readonly string[]): boolean {
  return place === own || (place !== undefined && owns.includes(place));
}

/** The fragment is the route: the link of every other page must not become one. */
function skip(event: Event, main: HTMLElement | null): void {
  event.preventDefault();
  main?.focus();
}
