/* parts.c -- what a descriptor says about the parameters of a layer: which gates have rows in which
 * weight, what its recurrent weights multiply, and which state is its memory. Compiled once.
 */
#include "cell/cell.h"

#include <string.h>

int rcc_products(const rcc_cell *cell, rcc_product out[RCC_PRODUCTS])
{
    int n = 0, blocks[2] = {0};

    for (int s = 0; s < cell->stages; s++) {
        const rcc_stage *stage = &cell->stage[s];

        if (stage->v != RCC_NO_V)
            out[n++] = (rcc_product){s, stage->v, blocks[stage->narrow]++};
        for (int i = 0; i < stage->others; i++)
            out[n++] = (rcc_product){s, stage->other[i], blocks[stage->narrow]++};
    }
    return n;
}

/* Gates of the products of one weight. */
static int product_blocks(const rcc_cell *cell, bool narrow, int gates[RCC_PRODUCTS])
{
    rcc_product product[RCC_PRODUCTS];
    const int products = rcc_products(cell, product);
    int n = 0;

    for (int i = 0; i < products; i++)
        if (cell->stage[product[i].stage].narrow == narrow)
            gates[n++] = cell->stage[product[i].stage].gates;
    return n;
}

int rcc_blocks(const rcc_cell *cell, rcc_part part, int gates[RCC_PRODUCTS])
{
    if (part == RCC_U || part == RCC_R)
        return product_blocks(cell, part == RCC_R, gates);
    for (int s = 0; s < cell->stages; s++) {
        const rcc_stage *stage = &cell->stage[s];
        const bool none = stage->narrow   ? true
                          : part == RCC_W ? stage->no_x
                          : part == RCC_C ? stage->v == RCC_NO_V || cell->no_bias
                                          : cell->no_bias;

        gates[s] = none ? 0 : stage->gates;
    }
    return cell->stages;
}

int rcc_part_gates(const rcc_cell *cell, rcc_part part)
{
    int gates[RCC_PRODUCTS], sum = 0;
    const int blocks = rcc_blocks(cell, part, gates);

    for (int i = 0; i < blocks; i++)
        sum += gates[i];
    return sum;
}

int rcc_memory(const rcc_cell *cell)
{
    for (int i = 1; i < cell->states; i++)
        if (strcmp(cell->state_name[i], "c") == 0)
            return i;
    return -1;
}

int rcc_forget_gate(const rcc_cell *cell)
{
    const char *at = cell->keeps && !cell->update ? strchr(cell->keeps, '+') : NULL;

    return at ? (int)(at - cell->keeps) : -1;
}

int rcc_bias_vector(const rcc_cell *cell, int gate)
{
    for (int i = 0; i < cell->vectors; i++)
        if (strncmp(cell->vector_name[i], "b_", 2) == 0 &&
            strcmp(cell->vector_name[i] + 2, cell->gate_name[gate]) == 0)
            return i;
    return -1;
}

int64_t rcc_states_width(const rcc_cell *cell, rcc_widths w)
{
    int64_t n = 0;

    for (int i = 0; i < cell->states; i++)
        n += rcc_state_width(cell, i, w);
    return n;
}

int64_t rcc_columns(const rcc_cell *cell, rcc_part part, rcc_widths w)
{
    rcc_product product[RCC_PRODUCTS];
    const int products = rcc_products(cell, product);

    for (int i = 0; i < products; i++)
        if (cell->stage[product[i].stage].narrow == (part == RCC_R))
            return rcc_v_width(cell, product[i].v, w);
    return 0;
}
