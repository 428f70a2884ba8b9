export function argumentsOf(message: unknown, into?: Map<string, 'number' | 'string'>): Map<string, 'number' | 'string'>;
export function complaints(catalogs: Record<string, Record<string, string>>, source: { has: (name: string) => boolean } | undefined): string[];
