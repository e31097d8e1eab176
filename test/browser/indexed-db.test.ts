import { sharedSuites } from './support/suites.ts';

sharedSuites('indexeddb');
