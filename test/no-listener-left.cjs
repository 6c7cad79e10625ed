'use strict';

const { hasSubscribers } = require('node:diagnostics_channel');

// Channels belong to the process, which the next file's tests run in, too: they would be heard by what is left here.
afterAll(() => {
  const left = ['backstory:operation', 'backstory:capture-error'].filter(hasSubscribers);
  if (left.length > 0)
    throw new Error(`Something still listens to ${left.join(' and ')}: end it in the test.`);
});
