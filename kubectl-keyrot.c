#include <stdio.h>

#include "base/stop.h"

int main(void)
{
	stop_install();
	(void)puts(KR_VERSION);
	return 0;
}
