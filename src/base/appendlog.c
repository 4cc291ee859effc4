#include "base/appendlog.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define PIECE_BYTES ((size_t)4096)

struct appendlog {
	int fd;
	char *path;
	size_t size;
	bool broken; /* a write or sync failed */
};

void appendlog_close(struct appendlog *log)
{
	if (!log)
		return;
	if (log->fd >= 0)
		(void)close(log->fd);
	free(log->path);
	free(log);
}

/* A lock on a file that was replaced by rename since keeps nobody away. */
static bool is_at_path(const struct appendlog *log)
{
	struct stat ours, there;

	return fstat(log->fd, &ours) == 0 && stat(log->path, &there) == 0 &&
	       ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

static KR_FALLIBLE sync_folder(const char *path)
{
	kr_cleanup(str_freep) char *dir = file_dirname(path);
	struct err *err = NULL;
	int fd;

	if (!dir)
		return err_no_memory();
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		err = err_errno(KR_EUNEXPECTED, "sync folder %s", dir);
	if (fd >= 0)
		(void)close(fd);
	return err;
}

/* Keeps the size, takes the blocks. Not every file system can. */
static KR_FALLIBLE reserve(const struct appendlog *log, size_t bytes)
{
#ifdef FALLOC_FL_KEEP_SIZE
	if (bytes &&
	    fallocate(log->fd, FALLOC_FL_KEEP_SIZE, (off_t)log->size,
		      (off_t)bytes) != 0 &&
	    errno != EOPNOTSUPP && errno != ENOSYS)
		return err_errno(KR_EUNEXPECTED, "reserve room in %s",
				 log->path);
#else
	(void)log;
	(void)bytes;
#endif
	return NULL;
}

/* Reads what stands before `end`, at most a piece of it. */
static KR_FALLIBLE read_before(const struct appendlog *log, size_t end,
			       char piece[PIECE_BYTES], size_t *out_len)
{
	size_t n = end < PIECE_BYTES ? end : PIECE_BYTES;

	if (pread(log->fd, piece, n, (off_t)(end - n)) != (ssize_t)n)
		return err_errno(KR_EUNEXPECTED, "read %s", log->path);
	*out_len = n;
	return NULL;
}

/* Where the line begins that `end` is in; whether a NUL stands in it. */
static KR_FALLIBLE line_start(const struct appendlog *log, size_t end,
			      size_t *out, bool *out_hole)
{
	char piece[PIECE_BYTES];
	bool hole = false;

	while (end > 0) {
		const char *stop, *from = piece;
		size_t n = 0;
		struct err *err = read_before(log, end, piece, &n);

		if (err)
			return err;
		stop = memrchr(piece, '\n', n);
		if (stop)
			from = stop + 1;
		hole = hole || memchr(from, 0, n - (size_t)(from - piece));
		end -= n;
		if (stop) {
			end += (size_t)(from - piece);
			break;
		}
	}
	*out = end;
	*out_hole = hole;
	return NULL;
}

/*
 * Where the last whole line ends. A power cut may leave a line's end on disk
 * and not what is before it: NULs, which no line has.
 */
static KR_FALLIBLE whole_size(const struct appendlog *log, size_t size,
			      size_t *out)
{
	bool hole = false;
	size_t whole = 0, last = 0;
	struct err *err = line_start(log, size, &whole, &hole);

	if (!err && whole)
		err = line_start(log, whole - 1, &last, &hole);
	if (!err)
		*out = whole && hole ? last : whole;
	return err;
}

static KR_FALLIBLE cut_torn_line(struct appendlog *log, bool *out_cut)
{
	struct stat st;
	size_t whole = 0;
	struct err *err;

	if (fstat(log->fd, &st) != 0)
		return err_errno(KR_EUNEXPECTED, "stat %s", log->path);
	log->size = (size_t)st.st_size;
	err = whole_size(log, log->size, &whole);
	if (err)
		return err;
	*out_cut = whole != log->size;
	if (!*out_cut)
		return NULL;
	if (ftruncate(log->fd, (off_t)whole) != 0 || fsync(log->fd) != 0)
		return err_errno(KR_EUNEXPECTED, "cut the torn last line of %s",
				 log->path);
	log->size = whole;
	return NULL;
}

KR_FALLIBLE appendlog_open(const char *path, size_t reserve_bytes,
			   bool *out_cut, struct appendlog **out)
{
	kr_cleanup(appendlog_closep) struct appendlog *log =
		calloc(1, sizeof(*log));
	bool cut = false;
	struct err *err;

	if (!log)
		return err_no_memory();
	log->fd = -1;
	log->path = strdup(path);
	if (!log->path)
		return err_no_memory();
	log->fd =
		open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
		     0600);
	if (log->fd < 0)
		return err_errno(KR_EUNEXPECTED, "open %s", path);
	if (flock(log->fd, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK
			       ? err_new(KR_EHELD,
					 "another process is writing %s", path)
			       : err_errno(KR_EUNEXPECTED, "lock %s", path);
	if (!is_at_path(log))
		return err_new(KR_EHELD, "%s was replaced just now", path);
	err = cut_torn_line(log, &cut);
	if (!err)
		err = reserve(log, reserve_bytes);
	if (!err)
		err = sync_folder(path);
	if (err)
		return err;
	if (out_cut)
		*out_cut = cut;
	*out = take_ptr(&log);
	return NULL;
}

KR_FALLIBLE appendlog_add(struct appendlog *log, const char *text, size_t len)
{
	struct buf line = BUF_INIT(len + 1);
	struct err *err;
	ssize_t n = -1;

	if (log->broken)
		return err_new(
			KR_EUNEXPECTED,
			"%s takes no more lines: an earlier one may not be on disk",
			log->path);
	buf_append(&line, text, len);
	buf_putc(&line, '\n');
	err = buf_check(&line, "a line");
	if (!err) {
		n = write(log->fd, line.data, line.len);
		log->broken = n != (ssize_t)line.len || fdatasync(log->fd) != 0;
		if (log->broken)
			err = err_errno(KR_EUNEXPECTED, "write %s", log->path);
		else
			log->size += line.len;
	}
	buf_release(&line);
	return err;
}

KR_FALLIBLE appendlog_read(const struct appendlog *log, struct buf *out)
{
	return file_read(log->path, out);
}

size_t appendlog_size(const struct appendlog *log)
{
	return log->size;
}
