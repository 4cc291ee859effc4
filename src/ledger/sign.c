#include "ledger/sign.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/proc.h"
#include "base/tempdir.h"
#include "ledger/signkey.h"

#define MAX_OUTPUT	 ((size_t)64 * 1024)
#define CHECK_TIMEOUT_MS 30000
/* Someone may have to find and touch a token. */
#define SIGN_TIMEOUT_MS (5 * 60 * 1000)

struct signer {
	struct tempdir *dir;
};

char *sign_note(const char *ledger_id, uint64_t size,
		const char root[HASH_BASE64_LEN])
{
	char *note = NULL;

	if (asprintf(&note, "keyrot.dev/ledger/%s\n%" PRIu64 "\n%s\n",
		     ledger_id, size, root) < 0)
		return NULL;
	return note;
}

KR_FALLIBLE signer_new(struct signer **out)
{
	kr_cleanup(signer_freep) struct signer *signer =
		calloc(1, sizeof(*signer));
	struct err *err;

	if (!signer)
		return err_no_memory();
	err = tempdir_new(&signer->dir);
	if (!err)
		*out = take_ptr(&signer);
	return err;
}

void signer_free(struct signer *signer)
{
	if (!signer)
		return;
	tempdir_free(signer->dir);
	free(signer);
}

static KR_FALLIBLE not_allowed(const char *text)
{
	return err_set_reason(err_new(KR_EGATE, "%s", text),
			      "SignerNotAllowed");
}

/* The file with the other half of `key`, or the key's own. */
static KR_FALLIBLE key_file(struct signer *signer, const char *key,
			    char **out_path)
{
	kr_cleanup(str_freep) char *line = NULL;
	struct err *err = signkey_find(key, out_path, &line);

	if (err || !line)
		return err;
	return tempdir_write(signer->dir, "key.pub", line, strlen(line),
			     out_path);
}

KR_FALLIBLE sign_make(struct signer *signer, const char *key, const char *note,
		      char **out_signature)
{
	kr_cleanup(str_freep) char *path = NULL;
	kr_cleanup(str_freep) char *file = NULL;
	kr_cleanup(str_freep) char *made = NULL;
	kr_cleanup(buf_release) struct buf text = BUF_INIT(MAX_OUTPUT);
	struct err *err = key_file(signer, key, &path);

	if (!err)
		err = tempdir_write(signer->dir, "note", note, strlen(note),
				    &file);
	if (err)
		return err;
	made = tempdir_file(signer->dir, "note.sig");
	if (!made)
		return err_no_memory();
	/* It does not write over a file. */
	(void)unlink(made);
	err = signkey_run((const char *const[]){ "ssh-keygen", "-q", "-Y",
						 "sign", "-f", path, "-n",
						 SIGN_NAMESPACE, file, NULL },
			  NULL, SIGN_TIMEOUT_MS, NULL);
	if (!err)
		err = file_read(made, &text);
	if (err)
		return err_wrap(err, "sign the checkpoint");
	*out_signature = buf_take(&text);
	return *out_signature ? NULL : err_no_memory();
}

/* allowed_signers and the signature as files, and when it was made. */
struct check_files {
	char *allowed;
	char *signature;
	char at[40]; /* -Overify-time=YYYYMMDDHHMMSS, in UTC by TZ */
};

static void check_files_release(struct check_files *files)
{
	free(files->allowed);
	free(files->signature);
}

static KR_FALLIBLE write_files(struct signer *signer,
			       const struct sign_check *check,
			       struct check_files *out)
{
	const char *allowed = check->allowed ? check->allowed : "";
	const char *t = check->time;
	struct err *err = tempdir_write(signer->dir, "allowed_signers", allowed,
					strlen(allowed), &out->allowed);

	if (!err)
		err = tempdir_write(signer->dir, "signature", check->signature,
				    strlen(check->signature), &out->signature);
	(void)snprintf(out->at, sizeof(out->at),
		       "-Overify-time=%.4s%.2s%.2s%.2s%.2s%.2s", t, t + 5,
		       t + 8, t + 11, t + 14, t + 17);
	return err;
}

KR_FALLIBLE sign_verify(struct signer *signer, const struct sign_check *check)
{
	kr_cleanup(check_files_release) struct check_files files = { 0 };
	kr_cleanup(proc_result_release) struct proc_result result = { 0 };
	struct err *err = write_files(signer, check, &files);

	if (!err)
		err = signkey_run(
			(const char *const[]){
				"ssh-keygen", "-Y", "verify", "-f",
				files.allowed, "-I", check->name, "-n",
				check->namespace_ ? check->namespace_
						  : SIGN_NAMESPACE,
				"-s", files.signature, files.at, NULL },
			check->note, CHECK_TIMEOUT_MS, &result);
	if (!err && result.exit_code != 0)
		err = not_allowed("its signature is not one of an allowed "
				  "signer at that time");
	return err;
}

KR_FALLIBLE sign_name(struct signer *signer, const struct sign_check *check,
		      char **out_name)
{
	kr_cleanup(check_files_release) struct check_files files = { 0 };
	kr_cleanup(proc_result_release) struct proc_result result = { 0 };
	struct err *err = write_files(signer, check, &files);
	size_t n;

	if (!err)
		err = signkey_run((const char *const[]){ "ssh-keygen", "-Y",
							 "find-principals",
							 "-f", files.allowed,
							 "-s", files.signature,
							 files.at, NULL },
				  check->note, CHECK_TIMEOUT_MS, &result);
	if (err)
		return err;
	n = strcspn(buf_str(&result.out), ",\r\n");
	if (result.exit_code != 0 || n == 0)
		return not_allowed("the key that signed is not among the "
				   "allowed signers");
	*out_name = strndup(buf_str(&result.out), n);
	return *out_name ? NULL : err_no_memory();
}

KR_FALLIBLE sign_public_key(const char *key, char **out_line)
{
	kr_cleanup(str_freep) char *path = NULL;
	struct err *err = signkey_find(key, &path, out_line);

	return err || !path ? err : signkey_public(path, out_line);
}
