/* table.c -- the list of cells of one instruction set, from cells.def.
 *
 * Compiled once per instruction set, like the cells. A test sees that all lists agree.
 */
#include "cell/table_in.h"
#include "kernel/isa.h"

#define CELL(id) extern const rcc_cell RC_ISA_NAME(rcc_##id);
#include "cell/cells.def"
#undef CELL

const rcc_cell *const RC_ISA_NAME(rcc_cells)[] = {
#define CELL(id) &RC_ISA_NAME(rcc_##id),
#include "cell/cells.def"
#undef CELL
    NULL,
};
