import { suitesOver } from './support/suites.ts';

suitesOver('indexeddb');
