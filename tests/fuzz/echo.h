/*
 * Put in front of every fuzz target by the compiler: the errors that a target
 * frees are those that would be shown, so they are looked through first for
 * what was fed to it. echo.c has the rule.
 */
#ifndef KR_FUZZ_ECHO_H
#define KR_FUZZ_ECHO_H

#define err_free	       echo_err_free
#define LLVMFuzzerTestOneInput echo_target

#endif
