'use strict';

// Makes the example shop start with Backstory. Runs before each test file of the project e2e-with-backstory.
process.env.SHOP_WITH_BACKSTORY = '1';
