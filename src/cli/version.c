#include <sys/utsname.h>

#include "base/json.h"
#include "cli/command.h"

KR_FALLIBLE cmd_version(struct cli_context *context, struct result *result)
{
	struct utsname name;

	(void)context;
	if (uname(&name) < 0)
		return err_errno(KR_EUNEXPECTED, "uname");
	json_set_str(result->document, "version", KR_VERSION);
	json_set_str(result->document, "os", name.sysname);
	json_set_str(result->document, "machine", name.machine);
	buf_printf(&result->text, "kubectl keyrot %s\n", KR_VERSION);
	return NULL;
}
