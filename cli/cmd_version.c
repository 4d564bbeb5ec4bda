/* cmd_version.c -- recur version: what this build is and what it runs on. */
#include "cmd.h"

static const opt options[] = {OPT_JSON, OPT_END};

static int run(const opts *o)
{
    rc_build b;
    if (rc_build_info(&b) != RC_OK)
        return say_library_failure();
    const char *numbers = b.is_double ? "64-bit float" : "32-bit float";
    if (opts_flag(o, "json"))
        return json_print(stdout,
                          json_pack("{s:s, s:s, s:i, s:s, s:s}", "version", b.version, "isa", b.isa,
                                    "threads", b.threads, "numbers", numbers, "parts", b.parts),
                          false);
    printf("recur %s\n", b.version);
    printf("instructions  %s\n", b.isa);
    printf("threads       %d\n", b.threads);
    printf("numbers       %s\n", numbers);
    printf("parts         %s\n", b.parts);
    return EXIT_DONE;
}

const command cmd_version = {
    .name = "version",
    .usage = "[options]",
    .summary = "say what this build is and what it runs on",
    .example = "recur version",
    .about =
        "Prints the version, the instruction set in use "
        "(RECUR_CPU=plain|avx2|avx512|avx512vnni|avx512bf16 narrows it), the number of threads "
        "that 0 means (RECUR_THREADS sets it), the type of numbers and the optional parts.",
    .options = options,
    .run = run,
};
