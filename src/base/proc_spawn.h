/*
 * The start of a child process, for proc.c alone.
 */
#ifndef KR_BASE_PROC_SPAWN_H
#define KR_BASE_PROC_SPAWN_H

#include <sys/types.h>

#include "base/proc.h"

/* A started child. Descriptors are our ends, -1 where there is none. */
struct proc_child {
	pid_t pid;
	int in, out, err;
	/* Whether it leads a process group of its own. */
	bool own_group;
};

/* Runs `file`; KR_ENOTFOUND and KR_EFORBIDDEN as for proc_run(). */
KR_FALLIBLE proc_spawn(const struct proc_spec *spec, const char *file,
		       struct proc_child *out);
void proc_child_release(struct proc_child *child);

/* Closes and sets to -1; errno stays. */
void proc_close_fd(int *fd);

#endif
