/* data_in.h -- what the files of this room share. */
#ifndef RCD_DATA_IN_H
#define RCD_DATA_IN_H

#include "data/data.h"

/* Make room in a batch whose D and K are set; what is in it is lost. All rows are aims until the
 * caller says otherwise. RC_ENOMEM. */
rc_status rcd_batch_grow(rcd_batch *b, int64_t steps, int64_t seqs, int64_t rows);

/* ---- series, for their readers (series.c, series_read.c) --------------------------------- */

/* Add a step of D numbers, zeroed; the sequence that is being added is the last one. NULL: no
 * memory. */
float *rcd_series_step(rcd_series *s);
/* End the sequence of the steps added since the last. name: its class (NULL: none). */
rc_status rcd_series_end(rcd_series *s, const char *name, size_t n);

#endif
