interface A { b: number }
export const a: A = { b: 1 };
