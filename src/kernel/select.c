/* select.c -- panel geometry, and the one choice of a kernel table.
 *
 * Compiled once, unlike its neighbours. RC_BUILD_X86 says that the tables of x86 are
 * linked; without it, and in the double build, there is only the plain one.
 */
#include "kernel/kernel.h"

#include <pthread.h>

extern const rck_table rck_table_plain;
#ifdef RC_BUILD_X86
extern const rck_table rck_table_avx2;
extern const rck_table rck_table_avx512;
extern const rck_table rck_table_avx512vnni;
extern const rck_table rck_table_avx512bf16;
#endif

const rck_table *rck;

rck_panel rck_panel_of(int64_t units, int gates, int64_t K)
{
    const int span = gates == 1 ? 64 : gates == 2 ? 32 : 16;
    const int64_t count = (units + span - 1) / span;
    const int64_t rest = count > 0 ? units - (count - 1) * span : 0; /* units of the last panel */

    return (rck_panel){
        .K = K,
        .units = units,
        .count = count,
        .gates = gates,
        .span = span,
        .cols = span * gates,
        .last = (int)rck_pad(rest) * gates,
    };
}

int64_t rck_panel_size(const rck_panel *p)
{
    return p->count * p->K * p->cols;
}

rck_panel rck_panel_t(const rck_panel *p)
{
    return rck_panel_of(p->K, 1, p->count * p->cols);
}

const rck_table *rck_table_of(rcb_isa isa)
{
    switch (isa) {
    case RCB_ISA_plain:
        return &rck_table_plain;
#ifdef RC_BUILD_X86
    case RCB_ISA_avx2:
        return &rck_table_avx2;
    case RCB_ISA_avx512:
        return &rck_table_avx512;
    case RCB_ISA_avx512vnni:
        return &rck_table_avx512vnni;
    case RCB_ISA_avx512bf16:
        return &rck_table_avx512bf16;
#endif
    default:
        return NULL;
    }
}

rc_status rck_select(void)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    rc_status status = RC_OK;
    rcb_isa isa = RCB_ISA_plain;

    pthread_mutex_lock(&lock);
    if (!rck)
        status = rcb_isa_pick(&isa);
    if (!rck && status == RC_OK) {
        while (!rck_table_of(isa)) /* the machine can do more than this build */
            isa--;
        rck = rck_table_of(isa);
    }
    pthread_mutex_unlock(&lock);
    return status;
}
