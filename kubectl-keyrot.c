#include "base/stop.h"
#include "cli/command.h"
#include "secret/wipe.h"

int main(int argc, char **argv)
{
	harden_process();
	stop_install();
	return cli_main(argc, argv, NULL);
}
