/** The command line as it is in src/, for the tests that start it as a program. */
import { main } from '../../src/cli/main.ts';

await main(process.argv);
