/* labelled_notes.c -- what there is to say of sequences that were read for a model: what reading
 * passed over, labels that training lacks or has once.
 */
#include "model/labelled_in.h"

static rc_status add_place(const rcd_labelled *set, int64_t seq, rcb_buf *out)
{
    int64_t line;
    const char *file = rcd_labelled_where(set, seq, &line);

    return rcb_buf_printf(out, ", the first: %sline %" PRId64 " of '%s'\n",
                          set->each ? "in the sequence from " : "", line, file);
}

/* What is right there can never be said. */
static rc_status note_strange(const rcm_labelled *l, rcb_buf *out)
{
    int64_t count;
    const int64_t seq = rcd_labelled_strange(&l->set, l->label, &count);

    if (seq < 0)
        return RC_OK;
    RC_TRY(rcb_buf_printf(out, "%" PRId64 " label%s not known to the model", count,
                          count == 1 ? " is" : "s are"));
    return add_place(&l->set, seq, out);
}

rc_status rcm_labelled_file_notes(const rcm_labelled *l, bool blind, rcb_buf *out)
{
    RC_TRY(rcd_labelled_notes(&l->set, out));
    return blind ? RC_OK : note_strange(l, out);
}

/* The first sequence of the training part that has a label which that part has once. */
static int64_t first_of_rare(const rcm_labelled_part *train)
{
    const rcd_labelled *set = &train->of->set;

    for (int64_t i = train->from; i < train->to; i++) {
        const int64_t seq = rcm_cut_at(train->cut, i);
        const int64_t from = set->each ? set->start[seq] : seq;
        const int64_t to = set->each ? set->start[seq + 1] : seq + 1;

        for (int64_t k = from; k < to; k++)
            if (set->label[k] >= 0 && set->labels.name[set->label[k]].count == 1)
                return seq;
    }
    return -1;
}

/* One example teaches little, and none of it can be checked elsewhere. */
static rc_status note_rare(const rcm_labelled_part *train, rcb_buf *out)
{
    const rcd_names *labels = &train->of->set.labels;
    const int64_t seq = first_of_rare(train);
    int32_t rare = 0, at = -1;

    for (int32_t i = 0; i < labels->n; i++)
        if (labels->name[i].count == 1) {
            at = i;
            rare++;
        }
    if (rare == 0 || seq < 0)
        return RC_OK;
    if (rare == 1)
        RC_TRY(rcb_buf_printf(out, "the label '%s' is seen once in training",
                              rcd_names_at(labels, at, NULL)));
    else
        RC_TRY(rcb_buf_printf(out, "%" PRId32 " labels are seen once in training", rare));
    return add_place(&train->of->set, seq, out);
}

rc_status rcm_labelled_notes(const rcm_corpus *c, rcb_buf *out)
{
    const rcm_labelled_corpus *p = rcm_labelled_of(c);

    for (int i = 0; i < RCM_PARTS; i++)
        RC_TRY(rcd_labelled_notes(&p->own[i].set, out));
    if (p->odd >= 0)
        RC_TRY(rcb_buf_printf(out,
                              "labels are taken as they are, not as tags of spans: '%s' is no "
                              "tag (--scheme)\n",
                              rcd_names_at(&p->own[RCM_TRAIN].set.labels, p->odd, NULL)));
    if (p->copies > 0)
        RC_TRY(rcb_buf_printf(out,
                              "%" PRId64 " sequence%s of earlier ones and fall where they do\n",
                              p->copies, p->copies == 1 ? " is a copy" : "s are copies"));
    RC_TRY(note_rare(&p->part[RCM_TRAIN], out));
    for (int i = 0; i < RCM_PARTS; i++) /* of the first, what is held out of it */
        if (p->own[i].set.n > 0)
            RC_TRY(note_strange(&p->own[i], out));
    return rcm_pretrained_notes(p->vectors, out);
}
