/** @typedef {{ text: string, pages: string[] }} Task */

/** The site's navigation: what a reader has in mind, and the pages for it, by their files. Headings of pages are their titles. */
/** @type {Task[]} */
export const navigation = [
  {
    text: 'Begin',
    pages: [
      'README.md',
      'docs/concepts.md',
      'docs/when-not-to-use.md',
      'docs/comparison.md',
      'docs/adoption.md',
      'docs/glossary.md',
    ],
  },
  {
    text: 'Adopt',
    pages: [
      'docs/your-application.md',
      'docs/stages.md',
      'docs/context.md',
      'docs/events.md',
      'docs/aggregates.md',
      'docs/reads.md',
      'docs/showing-changes.md',
      'docs/replay.md',
      'docs/commands.md',
      'docs/handling-commands.md',
      'docs/consumers.md',
      'docs/brokers.md',
      'docs/testing.md',
    ],
  },
  {
    text: 'Recipes',
    pages: [
      'docs/recipes/README.md',
      'docs/recipes/audit-trail.md',
      'docs/recipes/order-events-to-rabbitmq.md',
      'docs/recipes/as-of-reports.md',
    ],
  },
  {
    text: 'Operate',
    pages: [
      'docs/operating.md',
      'docs/deploying.md',
      'docs/restore.md',
      'docs/dashboard.md',
      'docs/observability.md',
      'docs/verify.md',
      'docs/schema-evolution.md',
      'docs/storage.md',
      'docs/files.md',
      'docs/backup.md',
      'docs/evidence.md',
      'docs/security.md',
      'docs/privacy.md',
      'docs/tenants.md',
      'docs/performance.md',
      'docs/performance-figures.md',
    ],
  },
  {
    text: 'Reference',
    pages: [
      'docs/command-line.md',
      'docs/reference/README.md',
      'docs/values.md',
      'docs/architecture.md',
      'docs/adr/README.md',
      'CHANGELOG.md',
      'CONTRIBUTING.md',
    ],
  },
];
