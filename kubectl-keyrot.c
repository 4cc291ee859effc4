#include "base/stop.h"
#include "cli/command.h"

int main(int argc, char **argv)
{
	stop_install();
	return cli_main(argc, argv);
}
