/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store file that a disk or somebody else changed. The input is the database; it is opened for writing, as the sink does,
 * and read through a view, as `espial alerts` does. Damage may cost the history and has to be said; every text that is handed
 * over has to be one. What stands in the cells of a sound file is fuzz_store_cells.c.
 */
#include "store_reading.h"

#include "daemon/report/store_file.h"

#include <sqlite3.h>

enum { FILE_MAX = 1 << 20, ALERT = 1, DAY = 20778 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store_problem problem = { "" };
	struct sqlite3 *database = NULL;

	if (size > FILE_MAX)
		return 0;
	store_put(data, size);
	store_read(ALERT, DAY);
	enum store_file_state state = store_file_open(store_path, &database, &problem);
	DEMAND((state == STORE_FILE_READY) == (database != NULL));
	if (database)
		sqlite3_close(database);
	else
		DEMAND(problem.text[0] && memchr(problem.text, '\0', sizeof(problem.text)));
	store_read(ALERT, DAY);
	store_remove();
	return 0;
}
