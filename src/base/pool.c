#include "base/pool.h"

#include <pthread.h>
#include <stdlib.h>

struct pool {
	pthread_mutex_t lock;
	size_t next, n;
	bool stopped;
	pool_work *work;
	void *user;
};

static bool take(struct pool *pool, size_t *out)
{
	bool found;

	(void)pthread_mutex_lock(&pool->lock);
	found = !pool->stopped && pool->next < pool->n;
	if (found)
		*out = pool->next++;
	(void)pthread_mutex_unlock(&pool->lock);
	return found;
}

static void *run(void *user)
{
	struct pool *pool = user;
	size_t index;

	while (take(pool, &index)) {
		if (pool->work(pool->user, index))
			continue;
		(void)pthread_mutex_lock(&pool->lock);
		pool->stopped = true;
		(void)pthread_mutex_unlock(&pool->lock);
	}
	return NULL;
}

size_t pool_run(size_t n, size_t bound, pool_work *work, void *user)
{
	struct pool pool = { .n = n, .work = work, .user = user };
	size_t more = (bound < n ? bound : n), started = 0;
	pthread_t *threads;

	more = more ? more - 1 : 0;
	threads = more ? calloc(more, sizeof(*threads)) : NULL;
	(void)pthread_mutex_init(&pool.lock, NULL);
	while (threads && started < more &&
	       pthread_create(&threads[started], NULL, run, &pool) == 0)
		started++;
	(void)run(&pool);
	for (size_t i = 0; i < started; i++)
		(void)pthread_join(threads[i], NULL);
	(void)pthread_mutex_destroy(&pool.lock);
	free(threads);
	return pool.next;
}
