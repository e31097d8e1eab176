import { sharedSuites } from './support/suites.ts';

sharedSuites('opfs');
