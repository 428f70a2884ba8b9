/** The sign of the product: a voice on a tile. */
export function Mark({ size }: { size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <path
        d="M6.500 18v-2M11.200 21v-8M16 25V7M20.800 21v-8M25.500 18v-2"
        fill="none"
        stroke="var(--on-accent)"
        strokeWidth="2.600"
        strokeLinecap="round"
      />
    </svg>
  );
}
