/** The target `http` keeps the contract: on a server in this process. */
import { httpStore } from '../targets/http-store.ts';
import { targetSuite } from './target-suite.ts';

targetSuite('http', () => httpStore());
