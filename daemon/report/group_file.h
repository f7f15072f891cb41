/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that the group `espial` may read: the store and the log of JSON lines. All else that espiald writes is its own, and the
 * unit's UMask=0077 says so; these two are made readable whatever the mask is.
 */
#ifndef ESPIAL_REPORT_GROUP_FILE_H
#define ESPIAL_REPORT_GROUP_FILE_H

/*
 * Makes the file with mode 0640 if it is not there. One that is keeps its mode and is not opened, which might cost a lock that
 * this process has on it. Why it could not be made, opening it will say.
 */
void group_file_make(const char *path);

#endif
