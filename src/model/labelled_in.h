/* labelled_in.h -- what the tasks classify and tag share: sequences of tokens in the numbers of a
 * model (labelled.c), and what layers read of tokens (tokens.c).
 */
#ifndef RCM_LABELLED_IN_H
#define RCM_LABELLED_IN_H

#include "model/model_in.h"

/* ---- data (labelled.c) ------------------------------------------------------------------- */

/* Sequences of files, and the ids that a model has for what occurs in them. */
typedef struct rcm_labelled {
    rcd_labelled set;
    int32_t *word;               /* (set.tokens.n) of RCM_SYMBOLS; NULL: not wanted */
    int32_t *casing;             /* (set.tokens.n) rcd_casing; NULL: not wanted */
    rcd_spelling spell;          /* of tokens by RCM_CHARACTERS; empty: not wanted */
    int32_t *label;              /* (set.labels.n) of RCM_LABELS; -1: the model does not know it */
    int32_t **feature;           /* (set.F)(features[f].n) of RCM_FEATURES */
    rcd_grams grams;             /* by RCM_GRAMS or a hash; empty: not wanted */
    bool lent;                   /* the set is another's */
    size_t members;              /* of a mixture; else 0 */
    struct rcm_labelled *member; /* (members) the same file as each of them reads it */
} rcm_labelled;

/* Some of them: numbers [from,to) of the order that `cut` gives; NULL: of their own. */
typedef struct rcm_labelled_part {
    const rcm_labelled *of;
    const rcm_cut *cut;
    int64_t from, to;
} rcm_labelled_part;

typedef struct rcm_labelled_corpus {
    rcm_labelled own[RCM_PARTS];
    rcm_labelled_part part[RCM_PARTS];
    rcm_cut cut;
    int64_t copies; /* training sequences that are kept beside one of the same tokens */
    int32_t odd;    /* a label for which no scheme was chosen; -1: there is none */
    rcb_key order;
    int64_t batch, bucket;
    struct rcm_epoch *epoch; /* the order of the last one that was asked for */
    rcm_pretrained *vectors; /* NULL: none */
} rcm_labelled_corpus;

static inline const rcm_labelled_corpus *rcm_labelled_of(const rcm_corpus *c)
{
    return (const rcm_labelled_corpus *)(const void *)c;
}

/* See rcm_task. */
rc_status rcm_labelled_open(rcm_corpus **out, rc_config *c, const rcm_vocabs *have,
                            rcm_vocabs *made);
void rcm_labelled_close(rcm_corpus *c);
uint32_t rcm_labelled_crc(const rcm_corpus *c);
bool rcm_labelled_has(const rcm_corpus *c, rcm_part part);
rc_status rcm_labelled_notes(const rcm_corpus *c, rcb_buf *out);
rc_status rcm_labelled_measure(rc_model *m, const rcm_corpus *c); /* word vectors */
int64_t rcm_labelled_batches(const rcm_corpus *c, int64_t steps);
int64_t rcm_labelled_rows(const rcm_corpus *c);
int64_t rcm_labelled_longest(const rcm_corpus *c);
rc_status rcm_labelled_batch(const rcm_corpus *c, int64_t epoch, int64_t pos, int64_t steps,
                             rcm_feed *feed);

/* Up to `most` sequences of a part from number *i on, which moves on, as they are; of no sequences:
 * there are no more. RC_ENOMEM. */
rc_status rcm_labelled_next(const rcm_labelled_part *part, int64_t most, int64_t *i, rcd_batch *b);
/* A file for a model that is made. blind: labels are not looked at, and need not be there. After a
 * failure there is nothing to free. */
rc_status rcm_labelled_file(rcm_labelled *out, const rc_model *m, const char *path, bool blind);
void rcm_labelled_free(rcm_labelled *l);

/* Options that are set and mean nothing beside others, or for files of this format: RC_EINVAL.
 * (idle.c) */
rc_status rcm_idle_check(const rc_config *c, const rcd_labelled *set);

/* A sentence a line about a file that was read for a model (labelled_notes.c). blind: its labels
 * are not looked at. */
rc_status rcm_labelled_file_notes(const rcm_labelled *l, bool blind, rcb_buf *out);

/* Tags as the model says them (labelled_scheme.c). In training (odd is not NULL) "auto" becomes the
 * scheme that the data has, and "none" where it has one but for labels that are no tags: *odd, the
 * first of them, else -1; a scheme that was asked for such labels is RC_EDATA. Elsewhere they stay
 * as they are. */
rc_status rcm_labelled_scheme(rcd_labelled *set, rc_config *c, int32_t *odd);

/* How many columns "#2,#3" names. */
int64_t rcm_columns(const char *columns);

/* Do the vocabularies of a model fit together and to its configuration? RC_EFORMAT, RC_EINVAL. */
rc_status rcm_labelled_fit(rc_model *m);
/* Who reads the files of a model: of a mixture its first member, else the model itself. */
static inline const rc_model *rcm_reader(const rc_model *m)
{
    return m->members.n > 0 ? m->members.p[0] : m;
}
/* Labels of a model: of its vocabulary all but the two that are always held and stand last. */
static inline int64_t rcm_labels(const rc_model *m)
{
    return m->vocab.of[RCM_LABELS] ? rcd_vocab_size(m->vocab.of[RCM_LABELS]) - 2 : 0;
}

/* What each label counts in the loss of training, (labels), freed with rcb_free(); *out NULL: 1
 * each. (class_weights.c) RC_EINVAL names what is no label or no number. */
rc_status rcm_class_weights(rc_real **out, const rc_model *m);

/* The loss of n rows of scores, each counted as its target is; `weight` as above. */
rc_var *rcm_weighted_loss(rc_graph *g, rc_var *score, const int32_t *target, int64_t n,
                          const rc_real *weight);

/* ---- what layers read (tokens.c) --------------------------------------------------------- */

/* Tokens become vectors: that of the word, what a net makes of its characters, how it is
 * capitalised, further columns, side by side, and those of the tokens around. Parameters
 * embed.weight (V,E), embed.map.weight, char.*, casing.weight, features.weight. */
typedef struct rcm_tokens {
    int64_t width;  /* of all together, for every token of its window */
    int64_t each;   /* for one */
    int64_t around; /* tokens on each side in the window */
    int64_t E, map; /* of a symbol's vector, and of what a linear layer makes of it; 0: none */
    size_t embed, embed_map;
    rcm_char_net net;
    size_t chars; /* vectors of characters: (C,char_embed) */
    int64_t char_size, char_units, char_width;
    size_t conv, conv_bias;
    rcn_stack stack; /* RCM_CHAR_RNN */
    size_t casing, features;
    int64_t casing_size, feature_size, F;
} rcm_tokens;

/* Numbers of a token, before anything is made. */
void rcm_tokens_plan(rcm_tokens *t, const rc_model *m, int64_t embed);
/* A lower bound on the numbers of its parameters. */
double rcm_tokens_room(const rcm_tokens *t, const rc_model *m);
rc_status rcm_tokens_new(rcm_tokens *t, rc_model *m);
void rcm_tokens_free(rcm_tokens *t);
rc_status rcm_tokens_init(const rcm_tokens *t, rc_model *m);
/* (N,width) of a batch of `of`. */
rc_var *rcm_tokens_run(const rcm_tokens *t, const rc_model *m, rc_graph *g, const rcm_labelled *of,
                       const rcd_batch *b);
/* Dropped out as --dropout and its kind say; rows NULL: what are no steps, always plainly. */
rc_var *rcm_tokens_drop(const rc_model *m, rc_graph *g, const rc_rows *rows, rc_var *x);
void rcm_tokens_work(const rcm_tokens *t, rcg_work *w);
rc_status rcm_tokens_facts(const rcm_tokens *t, const rc_model *m, rcm_words *w);

/* ---- bags of n-grams (bag.c) ------------------------------------------------------------- */

/* A text, or what stands around a token, as one sparse vector. Parameters bag.weight (V,M),
 * bag.bias (1,M). */
typedef struct rcm_bag {
    rcm_bag_kind kind;
    int64_t V, M; /* n-grams, numbers that are made */
    size_t weight, bias;
    rc_real *idf;   /* (V) RCM_BAG_TFIDF; else NULL */
    rc_real *ratio; /* (V,M) RCM_BAG_NB, M are its labels; else NULL */
} rcm_bag;

rcm_bag_kind rcm_bag_kind_of(const rc_config *c);
/* What n-grams are, and which are kept. RC_EINVAL. (bag_plan.c) */
rc_status rcm_grams_plan(rcd_grams_plan *out, const rc_config *c);
rcd_cut rcm_grams_cut(const rc_config *c);
/* Does the model read bags? */
bool rcm_bag_wanted(const rc_config *c);
/* Does it read vectors of tokens? All do but those that read bags alone. */
static inline bool rcm_tokens_wanted(const rc_config *c)
{
    return !rcm_bag_wanted(c) || c->direct;
}
/* Do the options of bags, and those that bags leave without a meaning, go together? RC_EINVAL. */
rc_status rcm_bag_check(const rc_config *c);
/* The n-grams of the training part. RC_EDATA, RC_ENOMEM. */
rc_status rcm_bag_vocab(rcd_vocab **out, const rcd_labelled *set, const rcm_cut *cut,
                        const rc_config *c);
/* Those of every sequence, or of every token. RC_ENOMEM. */
rc_status rcm_bag_grams(rcd_grams *out, const rcd_labelled *set, const rc_config *c,
                        const rcm_vocabs *v);
/* With room for it. RC_EFORMAT, RC_ENOMEM. */
rc_status rcm_bag_new(rcm_bag *b, rc_model *m, int64_t width);
void rcm_bag_free(rcm_bag *b);
/* idf or ratios, where they are wanted; 1 before. */
rc_status rcm_bag_measure(rcm_bag *b, const rcm_labelled_part *train);
/* See rcm_task. */
bool rcm_bag_table(const rcm_bag *b, size_t i, rcf_tensor *out);
rc_status rcm_bag_load(rcm_bag *b, const rcf_tensor *(*find)(const void *from, const char *),
                       const void *from);
/* (B,M), or (N,M) where tokens have labels, of a batch of `of`. */
rc_var *rcm_bag_run(const rcm_bag *b, const rc_model *m, rc_graph *g, const rcm_labelled *of,
                    const rcd_batch *batch);
void rcm_bag_work(const rcm_bag *b, const rc_config *c, rcg_work *w);
rc_status rcm_bag_facts(const rcm_bag *b, const rc_model *m, rcm_words *w);
rc_status rcm_bag_conventions(const rcm_bag *b, const rc_model *m, rcm_words *w);

/* ---- tags that go together (allowed.c) --------------------------------------------------- */

/* What labels may follow which. */
typedef struct rcm_allowed {
    rcd_moves moves; /* of the scheme; empty: all may */
    rc_crf_rules rules;
} rcm_allowed;
/* Of K labels that are tags of a scheme ("none": all may follow); nothing is forbidden where the
 * scheme would leave some sequences no path, as without O. RC_EFORMAT: no such scheme;
 * RC_ENOMEM. */
rc_status rcm_allowed_new(rcm_allowed *out, const rcd_vocab *labels, int64_t K, const char *scheme);
void rcm_allowed_free(rcm_allowed *p);
/* The labels (N) of every sequence that are allowed and score most together, out of scores (N,K) of
 * each; where all may follow `label` is left as it is. RC_..: the graph's failure. */
rc_status rcm_allowed_best(const rcm_allowed *p, rc_graph *g, const rcd_batch *b, int64_t K,
                           rc_var *score, int32_t *label);

/* ---- what is said (labelled_score.c) ----------------------------------------------------- */

/* What a task says of a batch (see rcm_task), in memory of the graph: a label for every row, or one
 * for every sequence. */
typedef struct rcm_said {
    int32_t *label; /* (N or B) */
    rc_real *all;   /* (N or B, labels) that of every label; NULL: not wanted */
    double nats;    /* - ln p of what is right, summed */
    int64_t known;  /* over so many labels that the model knows */
} rcm_said;

/* See rcm_task. */
rc_status rcm_labelled_score(const rc_model *m, const rcm_corpus *c, rcm_part part, int64_t tracks,
                             rcb_pool *pool, rc_evaluation *out);
rc_status rcm_labelled_evaluate(const rc_model *m, const char *path, const rc_eval_options *o,
                                rcb_pool *pool, rc_evaluation *out);
rc_status rcm_labelled_predict(const rc_model *m, const char *path, const rc_predict_options *o,
                               rcb_pool *pool, rc_prediction_fn fn, void *ctx);

/* The highest of n scores, of equal ones the first; and their softmax. */
int32_t rcm_best_of(int64_t n, const rc_real *score);
void rcm_shares(int64_t n, const rc_real *score, rc_real *out);

#endif
