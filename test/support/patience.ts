/** How many times longer than usual tests wait before they give up: for machines that are slow, such as the VM of test/vm. */
export const patience = Number(process.env['DHOW_TEST_PATIENCE'] ?? 1);
