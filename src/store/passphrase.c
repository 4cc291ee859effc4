#include "store/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"
#include "base/stop.h"
#include "store/store_backend.h"

#define MAX_BYTES 1024
#define MIN_BYTES 8 /* of a new one */
#define TRIES	  3

/* The file to read it from (malloc'd), or NULL: the terminal. */
static char *source_file(const struct passphrase_source *source)
{
	const char *named = getenv("KEYROT_PASSPHRASE_FILE");
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	char *path;

	if (source->file)
		return strdup(source->file);
	if (named && *named)
		return strdup(named);
	if (!credentials || *credentials != '/')
		return NULL;
	path = file_join(credentials, "keyrot-passphrase");
	if (path && file_exists(path))
		return path;
	free(path);
	return NULL;
}

bool passphrase_is_asked(const struct passphrase_source *source)
{
	kr_cleanup(str_freep) char *file = source_file(source);

	return !file;
}

static struct err *no_source(const char *why)
{
	return err_hint(store_error("Locked", "%s", why),
			"put the passphrase into a file that only you can "
			"read and give --passphrase-file=FILE (or "
			"$KEYROT_PASSPHRASE_FILE), or run this in a terminal");
}

static bool has_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

KR_FALLIBLE passphrase_available(const struct passphrase_source *source)
{
	kr_cleanup(str_freep) char *file = source_file(source);

	if (file && access(file, R_OK) != 0)
		return err_set_reason(
			err_errno(KR_ESTORE, "passphrase file %s", file),
			"Locked");
	if (file || (source->may_ask && has_terminal()))
		return NULL;
	return no_source("a passphrase is needed, and there is no terminal to "
			 "ask for it");
}

static struct err *from_file(const char *path, struct secret **out)
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(MAX_BYTES);
	struct err *err = file_read(path, &text);
	size_t n;

	if (err)
		return err_set_reason(
			err_as(err_wrap(err, "passphrase file"), KR_ESTORE),
			"Locked");
	n = strcspn(buf_str(&text), "\r\n");
	if (n == 0)
		return store_error("Locked", "the passphrase file %s is empty",
				   path);
	return secret_from_bytes(text.data, n, out);
}

/* A terminal that does not show what is typed, until it is released. */
struct quiet_tty {
	int fd;
	struct termios before;
	bool changed;
};

static void tty_release(struct quiet_tty *tty)
{
	if (tty->changed)
		(void)tcsetattr(tty->fd, TCSAFLUSH, &tty->before);
	if (tty->fd >= 0)
		(void)close(tty->fd);
}

static struct err *tty_open(struct quiet_tty *tty)
{
	struct termios quiet;

	tty->fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (tty->fd < 0 || tcgetattr(tty->fd, &tty->before) != 0)
		return no_source("a passphrase is needed, and there is no "
				 "terminal to ask for it");
	quiet = tty->before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
	quiet.c_lflag |= ECHONL | ICANON | ISIG;
	/* Stopped here, it would leave a shell that does not echo. */
	quiet.c_cc[VSUSP] = _POSIX_VDISABLE;
	if (tcsetattr(tty->fd, TCSAFLUSH, &quiet) != 0)
		return no_source("the terminal cannot be made quiet");
	tty->changed = true;
	return NULL;
}

/* One line, in canonical mode: the terminal gives it whole. */
static struct err *read_line(int fd, struct secret *line)
{
	struct pollfd fds[2] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = stop_fd(), .events = POLLIN },
	};
	size_t len = 0;

	while (len < secret_len(line)) {
		struct err *err = stop_check();
		ssize_t n = 0;

		if (err)
			return err;
		fds[0].revents = 0;
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return err_errno(KR_ESTORE, "terminal");
		if (!fds[0].revents)
			continue;
		n = read(fd, secret_bytes(line) + len, secret_len(line) - len);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return no_source("the terminal was closed");
		len += (size_t)n;
		if (secret_bytes(line)[len - 1] == '\n') {
			secret_truncate(line, len - 1);
			return NULL;
		}
	}
	return store_error("Locked", "the passphrase is too long");
}

static struct err *ask(const char *prompt, const char *what,
		       struct secret **out)
{
	kr_cleanup(tty_release) struct quiet_tty tty = { .fd = -1 };
	kr_cleanup(secret_freep) struct secret *line = NULL;
	kr_cleanup(buf_release) struct buf text = BUF_INIT(8192);
	struct err *err = tty_open(&tty);

	buf_printf(&text, "%s %s: ", prompt, what);
	if (!err)
		err = buf_check(&text, "prompt");
	if (!err)
		err = file_write_all(tty.fd, "/dev/tty", text.data, text.len);
	if (!err)
		err = secret_new(MAX_BYTES, &line);
	if (!err)
		err = read_line(tty.fd, line);
	if (err)
		return err;
	*out = take_ptr(&line);
	return NULL;
}

static void tell(const char *sentence)
{
	int fd = open("/dev/tty", O_WRONLY | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return;
	err_free(file_write_all(fd, "/dev/tty", sentence, strlen(sentence)));
	(void)close(fd);
}

KR_FALLIBLE passphrase_get(const struct passphrase_source *source,
			   const char *what, struct secret **out)
{
	kr_cleanup(str_freep) char *file = source_file(source);
	struct err *err = passphrase_available(source);

	if (err)
		return err;
	return file ? from_file(file, out) : ask("Passphrase for", what, out);
}

static struct err *ask_twice(const char *what, struct secret **out)
{
	for (int i = 0; i < TRIES; i++) {
		kr_cleanup(secret_freep) struct secret *first = NULL;
		kr_cleanup(secret_freep) struct secret *again = NULL;
		struct err *err = ask("New passphrase for", what, &first);

		if (err)
			return err;
		if (secret_len(first) < MIN_BYTES) {
			tell("It needs 8 characters or more.\n");
			continue;
		}
		err = ask("The same again for", what, &again);
		if (err)
			return err;
		if (secret_equal(first, again)) {
			*out = take_ptr(&first);
			return NULL;
		}
		tell("They differ.\n");
	}
	return store_error("Locked", "no passphrase was chosen");
}

KR_FALLIBLE passphrase_get_new(const struct passphrase_source *source,
			       const char *what, struct secret **out)
{
	kr_cleanup(secret_freep) struct secret *chosen = NULL;
	kr_cleanup(str_freep) char *file = source_file(source);
	struct err *err = passphrase_available(source);

	if (err)
		return err;
	if (!file)
		return ask_twice(what, out);
	err = from_file(file, &chosen);
	if (err)
		return err;
	if (secret_len(chosen) < MIN_BYTES)
		return store_error("Locked",
				   "the passphrase in %s needs %d characters "
				   "or more",
				   file, MIN_BYTES);
	*out = take_ptr(&chosen);
	return NULL;
}
