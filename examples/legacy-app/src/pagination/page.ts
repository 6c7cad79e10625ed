import type { PageQueryDto } from './page-query.dto.js';

export interface Page<T> {
  items: T[];
  total: number;
  page: number;
  pageSize: number;
}

export function toPage<T>([items, total]: [T[], number], { page, pageSize }: PageQueryDto): Page<T> {
  return { items, total, page, pageSize };
}

export function rowsOf({ page, pageSize }: PageQueryDto): { skip: number; take: number } {
  return { skip: (page - 1) * pageSize, take: pageSize };
}
