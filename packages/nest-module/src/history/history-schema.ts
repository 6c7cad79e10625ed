const anything = { nullable: true, description: 'As events have it.' };

const changes = {
  type: 'array',
  items: {
    type: 'object',
    required: ['property'],
    properties: {
      property: { type: 'string', example: 'shipping.city' },
      before: { ...anything, description: 'Absent where there was none, and where it is not known.' },
      after: { ...anything, description: 'Absent where there is none any more.' },
      beforeIs: { type: 'string', enum: ['unknown', 'erased'] },
      afterIs: { type: 'string', enum: ['erased'] },
    },
  },
} as const;

const entry = {
  type: 'object',
  required: ['position', 'type', 'kind', 'at', 'actor', 'origin', 'changes', 'parts'],
  properties: {
    position: { type: 'integer', minimum: 1, description: 'Of the event in its stream.' },
    type: { type: 'string', example: 'OrderShipped' },
    kind: {
      type: 'string',
      enum: ['created', 'first-known', 'changed', 'deleted', 'noted', 'erased', 'lost'],
    },
    at: { type: 'string', format: 'date-time' },
    actor: { type: 'string', nullable: true, description: 'Who has made the change, where it is known.' },
    origin: { type: 'string', example: 'capture' },
    reason: { type: 'string', description: 'Of a repair, an erasure or a restore.' },
    restoredTo: { type: 'integer', description: 'The version that a restore has brought back.' },
    changes,
    parts: {
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'id', 'change', 'changes'],
        properties: {
          path: { type: 'string', example: 'lines' },
          id: { type: 'string' },
          change: { type: 'string', enum: ['added', 'changed', 'removed', 'first-known'] },
          changes,
        },
      },
    },
    data: { ...anything, description: 'What the application has said with the event.' },
    incomplete: {
      type: 'boolean',
      enum: [true],
      description: 'Set where properties or parts may be missing, because events before are.',
    },
  },
} as const;

/** A page of a history in an OpenAPI document. */
export const historySchema = {
  title: 'HistoryPage',
  type: 'object',
  required: ['category', 'id', 'entries', 'before'],
  properties: {
    category: { type: 'string', example: 'order' },
    id: { type: 'string', example: '42' },
    entries: { type: 'array', description: 'Newest first.', items: entry },
    before: {
      type: 'integer',
      nullable: true,
      description: 'For the next page, as the parameter of that name. Null where this is the last.',
    },
  },
} as const;
