export interface Platform {
  readonly target: string;
  readonly os: string;
  readonly cpu: string;
  readonly libc?: string;
}
export const platforms: readonly Platform[];
export function thisPlatform(): Platform | undefined;
