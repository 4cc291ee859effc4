#include "base/tempdir.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"

struct tempdir {
	char *path;
};

KR_FALLIBLE tempdir_new(struct tempdir **out)
{
	kr_cleanup(tempdir_freep) struct tempdir *dir = calloc(1, sizeof(*dir));
	kr_cleanup(str_freep) char *path = NULL;
	const char *parent = getenv("TMPDIR");

	if (!parent || *parent != '/')
		parent = "/tmp";
	path = file_join(parent, "keyrot.XXXXXX");
	if (!dir || !path)
		return err_no_memory();
	if (!mkdtemp(path))
		return err_errno(KR_EUNEXPECTED, "create a folder in %s",
				 parent);
	dir->path = take_ptr(&path);
	*out = take_ptr(&dir);
	return NULL;
}

/* It holds files only: what other programs wrote, by the names given them. */
void tempdir_free(struct tempdir *dir)
{
	struct file_list list = { 0 };

	if (!dir)
		return;
	if (dir->path) {
		err_free(file_list_dir(dir->path, &list));
		for (size_t i = 0; i < list.count; i++) {
			char *path = tempdir_file(dir, list.names[i]);

			if (path)
				(void)unlink(path);
			free(path);
		}
		file_list_release(&list);
		(void)rmdir(dir->path);
	}
	free(dir->path);
	free(dir);
}

char *tempdir_file(const struct tempdir *dir, const char *name)
{
	return file_join(dir->path, name);
}

KR_FALLIBLE tempdir_write(const struct tempdir *dir, const char *name,
			  const void *data, size_t len, char **out_path)
{
	kr_cleanup(str_freep) char *path = tempdir_file(dir, name);
	struct err *err;
	int fd;

	if (!path)
		return err_no_memory();
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		  0600);
	if (fd < 0)
		return err_errno(KR_EUNEXPECTED, "create %s", path);
	err = file_write_all(fd, path, data, len);
	if (close(fd) != 0 && !err)
		err = err_errno(KR_EUNEXPECTED, "close %s", path);
	if (!err && out_path)
		*out_path = take_ptr(&path);
	return err;
}
