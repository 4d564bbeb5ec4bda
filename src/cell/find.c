/* find.c -- cells by name and by number, for the instruction set in use or a given one.
 *
 * Compiled once. The set in use is the one of the kernel table; before rck_select() it is plain.
 */
#include "cell/table_in.h"

#include <string.h>

/* NULL: not in this build. */
static const rcc_cell *const *const lists[RCB_ISA_COUNT] = {
    [RCB_ISA_plain] = rcc_cells_plain,
#ifdef RC_BUILD_X86
    [RCB_ISA_avx2] = rcc_cells_avx2,         [RCB_ISA_avx512] = rcc_cells_avx512,
    [RCB_ISA_avx512vnni] = rcc_cells_avx512, /* they add nothing to a cell */
    [RCB_ISA_avx512bf16] = rcc_cells_avx512,
#endif
};

static rcb_isa isa_in_use(void)
{
    for (int i = 0; rck && i < RCB_ISA_COUNT; i++)
        if (strcmp(rck->name, rcb_isa_name((rcb_isa)i)) == 0)
            return (rcb_isa)i;
    return RCB_ISA_plain;
}

const rcc_cell *rcc_at_isa(rcb_isa isa, size_t i)
{
    const rcc_cell *const *list = lists[isa];

    for (; list && *list; list++, i--)
        if (i == 0)
            return *list;
    return NULL;
}

const rcc_cell *rcc_at(size_t i)
{
    return rcc_at_isa(isa_in_use(), i);
}

const rcc_cell *rcc_find(const char *name)
{
    const rcc_cell *const *list = lists[isa_in_use()];

    for (; list && *list; list++)
        if (strcmp((*list)->name, name) == 0)
            return *list;
    return NULL;
}
