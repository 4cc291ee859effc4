/* Who holds a Lease, and whether that process is still there. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/str.h"
#include "kube/lease.h"

#define MACHINE_LEN 32

/*
 * Where a process id means what it says: this boot of this kernel, and this
 * PID namespace. Hosts of one name, and containers, are told apart by it.
 * Empty where it cannot be known.
 */
static void machine(char out[MACHINE_LEN])
{
	kr_cleanup(buf_release) struct buf boot = BUF_INIT(128);
	struct err *err = file_read("/proc/sys/kernel/random/boot_id", &boot);
	char ns[64] = "";
	ssize_t n = readlink("/proc/self/ns/pid", ns, sizeof(ns) - 1);
	unsigned long long number;

	*out = '\0';
	if (!err && n > 0 && sscanf(ns, "pid:[%llu]", &number) == 1)
		(void)snprintf(out, MACHINE_LEN, "%.8s-%llx", buf_str(&boot),
			       number);
	err_free(err);
}

KR_FALLIBLE kube_lease_identity(const char *rotation, const char *operator_,
				char **out)
{
	char host[256] = "", where[MACHINE_LEN];
	char *text = NULL;

	if (gethostname(host, sizeof(host) - 1) != 0)
		return err_errno(KR_EUNEXPECTED, "host name");
	machine(where);
	if (asprintf(&text, "%s/%s@%s/%ld%s%s", rotation, operator_, host,
		     (long)getpid(), *where ? "." : "", where) < 0)
		return err_no_memory();
	*out = text;
	return NULL;
}

/* The rotation, up to its '/'. */
static bool is_same_rotation(const char *a, const char *b)
{
	size_t n = strcspn(a, "/") + 1;

	return strncmp(a, b, n) == 0;
}

bool kube_lease_is_ghost(const char *own, const char *holder)
{
	const char *own_host = strrchr(own, '@');
	const char *host = strrchr(holder, '@');
	size_t n = host ? strcspn(own_host, "/") + 1 : 0;
	const char *own_where, *where;
	char *end;
	long number;

	if (!host || strncmp(host, own_host, n) != 0)
		return false;
	number = strtol(host + n, &end, 10);
	own_where = strchr(own_host + n, '.');
	where = *end == '.' ? end : NULL;
	/* Without a word on the machine, the rotation has to be the same. */
	if (where || own_where ? !str_same(where, own_where)
			       : !is_same_rotation(own, holder))
		return false;
	return number > 0 && number <= INT_MAX &&
	       (number == (long)getpid() ||
		(kill((pid_t)number, 0) != 0 && errno == ESRCH));
}
