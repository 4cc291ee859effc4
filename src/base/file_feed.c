#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/stop.h"

#define READ_CHUNK 16384

static KR_FALLIBLE feed(int fd, const char *path, file_on_data *on_data,
			void *user)
{
	char chunk[READ_CHUNK];
	struct err *err = NULL;
	ssize_t n;

	do {
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno != EINTR)
			err = err_errno(KR_EUNEXPECTED, "read %s", path);
		else if (n > 0)
			err = on_data(user, chunk, (size_t)n);
		if (!err)
			err = stop_check();
	} while (n != 0 && !err);
	/* The file may have held a key. */
	explicit_bzero(chunk, sizeof(chunk));
	return err;
}

KR_FALLIBLE file_feed(const char *path, file_on_data *on_data, void *user,
		      bool *out_regular)
{
	/* A pipe without a writer would keep open(2) waiting. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW |
				    O_NONBLOCK);
	struct err *err = NULL;
	struct stat st;

	*out_regular = false;
	if (fd < 0 && errno == ELOOP)
		return NULL;
	if (fd < 0)
		return err_errno(errno == ENOENT || errno == ENOTDIR
					 ? KR_ENOTFOUND
					 : KR_EUNEXPECTED,
				 "open %s", path);
	if (fstat(fd, &st) != 0)
		err = err_errno(KR_EUNEXPECTED, "look at %s", path);
	else
		*out_regular = S_ISREG(st.st_mode);
	if (*out_regular)
		err = feed(fd, path, on_data, user);
	(void)close(fd);
	return err;
}
