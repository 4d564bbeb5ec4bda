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

/* n bytes of a text. */
typedef struct rcd_word {
    const char *p;
    size_t n;
} rcd_word;
/* The same with the classes (n) of all of its steps, or, not `each`, of the whole sequence (n 1);
 * where the name is empty nothing is to be said. RC_EDATA: other sequences have it otherwise. */
rc_status rcd_series_end_names(rcd_series *s, bool each, int64_t n, const rcd_word name[]);
/* The same with K numbers, y (n,K); NaN: nothing is to be said. */
rc_status rcd_series_end_values(rcd_series *s, bool each, int64_t n, int64_t K, const float *y);
/* Room for `need` elements, at least doubled. */
rc_status rcd_reserve(void **p, size_t *cap, size_t need, size_t size);

/* The n bytes of a file that is at hand; see rcd_series_read(). Public to tests. */
rc_status rcd_series_parse(rcd_series *s, const char *path, const void *bytes, size_t n,
                           const rcd_reading *how);
/* n bytes of a table at p (series_csv.c), likewise. */
rc_status rcd_series_csv(rcd_series *s, const char *path, const char *p, size_t n,
                         const rcd_reading *how);
/* The same of an array of NumPy (series_npy.c). */
rc_status rcd_series_npy(rcd_series *s, const char *path, const void *bytes, size_t n,
                         const rcd_reading *how);

#endif
