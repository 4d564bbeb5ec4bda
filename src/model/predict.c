/* predict.c -- what a model says of a file: by its task.
 */
#include "model/model_in.h"

rc_predict_options rc_predict_options_default(void)
{
    return (rc_predict_options){.ahead = 1};
}

rc_status rc_model_predict(const rc_model *m, const char *path, const rc_predict_options *options,
                           rc_prediction_fn fn, void *ctx)
{
    const rc_predict_options o = options ? *options : rc_predict_options_default();
    const rcm_task *task = m->config->task;
    rcb_pool *pool;

    RC_TRY(rcm_model_free_to_run(m));
    if (!task->predict_file)
        return RC_FAIL(RC_EINVAL, "a model of task '%s' says nothing of files: see recur score",
                       task->name);
    if (o.ahead < 1 || o.ahead > 1000000)
        return RC_FAIL(RC_EINVAL, "cannot say %" PRId64 " steps ahead: 1 to 1000000 are possible",
                       o.ahead);
    RC_TRY(rcb_pool_new(&pool, o.threads));
    const rc_status s = task->predict_file(m, path, &o, pool, fn, ctx);
    rcb_pool_free(pool);
    return s;
}
