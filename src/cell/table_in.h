/* table_in.h -- the lists of cells, one per instruction set: made by table.c, read by find.c.
 * Private to the room. A list ends with NULL.
 */
#ifndef RCC_TABLE_IN_H
#define RCC_TABLE_IN_H

#include "cell/cell.h"

#define RCC_CELLS(isa) extern const rcc_cell *const rcc_cells_##isa[];
RCB_ISA_MAP(RCC_CELLS)
#undef RCC_CELLS

#endif
