// What is used of optional packages that a checkout does not install.

declare module 'gpt-tokenizer' {
  export function encode(text: string): number[];
  export function decode(tokens: number[]): string;
}

declare module '@huggingface/transformers' {
  export const pipeline: unknown;
}
