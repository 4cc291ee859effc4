#include "ui/ui.h"

KR_FALLIBLE ui_open(const struct ui_options *options, struct ui **out)
{
	switch (options->mode) {
	case UI_TTY:
		return ui_tty_open(options, out);
	case UI_JSONL:
		return ui_jsonl_open(options, out);
	case UI_TEXT:
		break;
	}
	return ui_text_open(options, out);
}

const struct reporter *ui_reporter(struct ui *ui)
{
	return &ui->reporter;
}

void ui_suspend(struct ui *ui)
{
	if (ui->suspend)
		ui->suspend(ui);
}

void ui_close(struct ui *ui)
{
	if (ui)
		ui->close(ui);
}
