// What holds from the first instruction of the program on, before `main` and before the Swift runtime: there is nothing
// to call, linking this is enough.
//
// - SIGQUIT ends the program with 131 and not a word. The Swift runtime takes it for a crash: it would write a report,
//   ask a question and go on.
// - A crash is reported and ends the program. Where standard input is a terminal the runtime would ask what to do next
//   and wait for a key.
// - No signal is held back, even where the program that started this one held some back.
