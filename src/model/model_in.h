/* model_in.h -- what the files of this room share: building without values, the corpus of the
 * tasks that read running text, and scoring a tape of it.
 */
#ifndef RCM_MODEL_IN_H
#define RCM_MODEL_IN_H

#include "model/model.h"

/* A model with parameters of undefined value. The vocabularies are taken over even on failure.
 * `room`: how many numbers there are to fill it with; a task that would need more refuses
 * (RC_EFORMAT). */
rc_status rcm_model_alloc(rc_model **out, const rc_config *c, rcm_vocabs vocab, int64_t room);

/* ---- models of models (members.c) -------------------------------------------------------- */

enum { RCM_MEMBERS_MOST = 1000 };

/* One more, taken over even on failure. RC_ENOMEM. */
rc_status rcm_members_add(rcm_members *ms, rc_model *member, double weight);
void rcm_members_free(rcm_members *ms);
/* Copies of all; members of `to`, which come after what it has, count `weight` times as much.
 * RC_ENOMEM. */
rc_status rcm_members_copy(rcm_members *to, const rcm_members *from, double weight);
/* Into and out of a file: RCM_MEMBERS_WEIGHTS (n), and each as a file of its own, RCM_MEMBERS_FILE
 * with its number, from 0. RC_EFORMAT, RC_ENOMEM. */
#define RCM_MEMBERS_WEIGHTS "member.weights"
#define RCM_MEMBERS_FILE "member.%zu"
rc_status rcm_members_write(const rcm_members *ms, rcf_writer *w, rcm_buffers *keep);
rc_status rcm_members_load(rcm_members *ms, const rcf_file *f, rcb_pool *pool);
/* Is a tensor of that name one of them? */
bool rcm_members_tensor(const rcm_members *ms, const char *name);

/* The numbers of "256,128", each from lo to hi: how many there are, and at most `most` of them.
 * False: it is no such text. `out` may be NULL. */
bool rcm_scan_numbers(const char *text, double lo, double hi, int64_t most, int64_t *out,
                      int64_t *count);

/* What to do about a word that a list of `recur list` lacks; near: see rc_nearest(). */
enum { RCM_HINT = 128 };
void rcm_hint(char hint[RCM_HINT], const char *near, const char *list);

/* Some tensors to find one by name in. */
struct rcm_table_view {
    rcf_tensor *p;
    size_t n;
};

/* ---- sequences of a training (cut.c) ----------------------------------------------------- */

/* The parts of a set of n sequences: numbers [from,to) of an order that the seed draws. Owner:
 * rcm_cut_free(). */
typedef struct rcm_cut {
    int64_t n;
    int64_t from[RCM_PARTS], to[RCM_PARTS];
    bool drawn;     /* else the order is that of the set */
    int64_t *order; /* (n) the drawn order, where sequences stay together; NULL: by the key */
    int64_t turn;   /* where it begins */
    rcb_key key;
} rcm_cut;
/* By --valid-split, --test-split and --folds; a part that has files of its own gets none. kind:
 * sequences of the same number, which begin at 0 and leave none out, stay in one part (NULL: each
 * for itself); folds are then as even as they can be, larger kinds shared out first. RC_EINVAL:
 * options; RC_EDATA: nothing is left for a part; RC_ENOMEM. After a failure there is nothing to
 * free. */
rc_status rcm_cut_of(rcm_cut *out, const rc_config *c, int64_t n, const int32_t *kind);
void rcm_cut_free(rcm_cut *cut);
/* Which sequence of the set is number i of the order. */
int64_t rcm_cut_at(const rcm_cut *cut, int64_t i);

/* ---- word vectors (vectors.c) ------------------------------------------------------------ */

/* Row i as reals; room (dim), for numbers on their way. RC_EFORMAT. */
rc_status rcm_vectors_row(const rc_vectors *v, int64_t i, float *room, rc_real *x);
uint32_t rcm_vectors_crc(const rc_vectors *v);
rcd_level rcm_vectors_level(const rc_vectors *v); /* of a file: that of words */

/* ---- lengths (bag_plan.c) ---------------------------------------------------------------- */

/* "2", "1-2", or "0" (none: both 0). RC_EINVAL: something else, or more than `most`. */
rc_status rcm_lengths(rcd_lengths *out, const char *option, const char *text, int64_t most);

/* ---- first values (pretrained.c) --------------------------------------------------------- */

/* A file of word vectors, or a model with some, on its way into a fresh model. */
typedef struct rcm_pretrained rcm_pretrained;

/* The file of --vectors (none: NULL) for symbols of this level; 'embed', where it is not given,
 * becomes what the vectors have. RC_EINVAL: the level is not that of words, 'embed' is another, or
 * there are several files; and what reading says. */
rc_status rcm_pretrained_open(rcm_pretrained **out, rc_config *c, rcd_level level);
void rcm_pretrained_free(rcm_pretrained *v);
/* Add its first words as many as --vectors-top, folded, but for those that are no symbols. v may be
 * NULL. RC_EINVAL: words are wanted and there is no file; RC_ENOMEM, RC_EDATA. */
rc_status rcm_pretrained_words(const rcm_pretrained *v, const rc_config *c, const rcd_fold *fold,
                               rcd_names *out);
/* The rows of the parameter at `place` become the vectors of their words, and that of RCD_UNK,
 * which no file has to have, the mean of these; what was found becomes part of the model's origin,
 * and the file is let go. v may be NULL. fold: what was done to the words (NULL: nothing).
 * RC_EFORMAT: a vector that is none; RC_ENOMEM. */
rc_status rcm_pretrained_give(rcm_pretrained *v, rc_model *m, size_t place, const rcd_fold *fold);
/* What was found, a sentence. v may be NULL. */
rc_status rcm_pretrained_notes(const rcm_pretrained *v, rcb_buf *out);

/* ---- stacks of a task (plan.c) ----------------------------------------------------------- */

/* What a configuration says of the recurrent layers; stack.in is left to the task. */
typedef struct rcm_plan {
    rcn_stack_plan stack;
    int64_t *hidden; /* (layers) that stack.hidden points to; freed with rcb_free() */
} rcm_plan;

/* RC_EINVAL, RC_ENOMEM: nothing is left to free. */
rc_status rcm_plan_stack(rcm_plan *p, const rc_config *c, int directions);
/* Numbers that layer i gives, in each direction. */
int64_t rcm_plan_out(const rcm_plan *p, int i);
/* A file that cannot fill the model need not be given memory for it (RC_EFORMAT), and what the
 * machine lacks is not begun (RC_ENOMEM). more: numbers beside the layers. */
rc_status rcm_plan_room(const rc_model *m, const rcm_plan *p, double more);
/* The same of a model of so many numbers. */
rc_status rcm_room(const rc_model *m, double needs);
/* All parameters by the configuration, forget gates of the stack by theirs. */
rc_status rcm_stack_init(const rcn_stack *s, rc_model *m);
/* A parameter of a model as an operand. */
static inline rc_var *rcm_var(const rc_model *m, rc_graph *g, size_t place)
{
    return rcn_var(g, &rcm_params(m)->p[place]);
}

/* ---- one vector for a sequence (pool.c) -------------------------------------------------- */

typedef struct rcm_pool {
    rcm_pooling how;
    const rcn_stack *stack; /* whose steps they are; NULL: not those of a stack as they leave it */
    size_t attention;       /* place of weight, bias, score */
} rcm_pool;
/* Of steps of `width` numbers. RC_ENOMEM. */
rc_status rcm_pool_new(rcm_pool *p, rcm_pooling how, const rcn_stack *stack, rcn_params *ps,
                       int64_t width);
/* (N,width) -> (B,width) */
rc_var *rcm_pool_run(const rcm_pool *p, const rc_model *m, rc_graph *g, const rc_rows *rows,
                     rc_var *x);
void rcm_pool_work(const rcm_pool *p, rcg_work *w, int64_t width);
rc_status rcm_pool_facts(const rcm_pool *p, rcm_words *w);

/* Whole symbols left out of a batch wherever they occur (Gal and Ghahramani 2016): rows of x times
 * 0 or 1 / (1 - rate), by a draw for each symbol. in: (rows of x) ids. */
rc_var *rcm_drop_symbols(const rc_model *m, rc_graph *g, const int32_t *in, rc_var *x);
/* Add embed.map.weight (units,E): what makes other vectors of those of symbols. */
rc_status rcm_embed_map(rcn_params *ps, int64_t units, int64_t E);
/* What goes into or comes out of a stack, dropped out as between its layers; and its cost. */
rc_var *rcm_drop(const rcn_stack *s, rc_graph *g, const rc_rows *rows, rc_var *x);
void rcm_drop_work(const rcn_stack *s, int64_t cols, rcg_work *w);

/* What is added to the loss for the activations of the last layer, before and after dropout: their
 * mean square and that of their steps in time, times rcm_divisor() (activation and temporal
 * activation regularisation, Merity et al. 2017). NULL: nothing is asked, or the graph has
 * failed. */
rc_var *rcm_penalties(const rc_config *c, rc_graph *g, const rcd_batch *b, rc_var *raw,
                      rc_var *dropped);
void rcm_penalties_work(const rc_config *c, int64_t H, rcg_work *w);
rc_status rcm_stack_conventions(const rcn_stack *s, const rc_config *c, rcm_words *w);
rc_status rcm_stack_facts(const rcn_stack *s, const rc_config *c, rcm_words *w);

/* ---- looking inside (xray.c, jacobian.c, trace.c) ---------------------------------------- */

/* The state that a cell remembers by: its place. */
int rcm_memory_state(const rcc_cell *cell);
/* What one sequence of a graph that has gone back does to changes of its states: jacobians and half
 * lives of a layer whose units, memory and `exact` are set, over the first `windows` sequences and
 * so many steps. directions: of which lengths are estimated where it is not exact. */
rc_status rcm_xray_jacobians(rc_xray_layer *l, const rcg_sight *s, int64_t steps, int64_t windows,
                             int64_t directions, rcb_pool *pool);

/* ---- t-SNE (tsne.c) ---------------------------------------------------------------------- */

/* Of point i among n, `square` (n) the squares of its distances: the chances p (n) of the others to
 * be its neighbour, exp(-b d^2) over their sum, with the b that gives them this perplexity, or one
 * as near to it as there is. The perplexity that they have. */
double rcm_tsne_row(int64_t n, int64_t i, const double *square, double perplexity, double *p);
/* Move n places from where they are to where they have the neighbours that the points x (n,dim)
 * have; see rc_vectors_project(). RC_ENOMEM. */
rc_status rcm_tsne(int64_t n, int64_t dim, const double *x, double perplexity, int64_t steps,
                   rcb_pool *pool, rc_place *at, double *divergence);

/* ---- running text (corpus.c) ------------------------------------------------------------- */

/* The corpus of every task that reads running text: three tapes over one vocabulary. */
struct rcm_corpus {
    rcd_tape tape[RCM_PARTS];
    rcd_stream train;        /* equal tracks over tape[RCM_TRAIN], where tracks are asked for */
    rcm_pretrained *vectors; /* NULL: none */
    int64_t joins;           /* pairs of words that are read as one, */
    int64_t joined;          /* and tokens of the training text that are such */
};

/* Read, cut and encode. `tracks` > 0: the training text is cut into so many equal tracks, of at
 * least two symbols each; 0: it stays whole. */
rc_status rcm_corpus_read(rcm_corpus **out, const rc_config *c, int64_t tracks,
                          const rcd_vocab *vocab, rcd_vocab **made);
void rcm_corpus_free(rcm_corpus *c);
uint32_t rcm_corpus_crc(const rcm_corpus *c);
bool rcm_corpus_has(const rcm_corpus *c, rcm_part part);
/* RC_EDATA: there is no such part. */
rc_status rcm_corpus_need(const rcm_corpus *c, rcm_part part);

/* Bytes [from,to) of a text by a model's vocabulary. RC_EDATA: there are no symbols. */
rc_status rcm_text_encode(rcd_tape *out, const rc_model *m, const rcd_text *t, uint64_t from,
                          uint64_t to);

/* Is it a model that can be run now? RC_EBUSY: it is being trained. */
rc_status rcm_model_free_to_run(const rc_model *m);

#endif
