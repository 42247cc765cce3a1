export const where = "sub";
