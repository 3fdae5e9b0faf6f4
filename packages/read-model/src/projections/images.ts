// Image rows: the images that are on record and not removed.
import { foldImage } from '@ironlog/domain';
import type { ImageEvent } from '@ironlog/schemas';
import type { Db } from '../database.ts';
import { RowWrites } from './rows/row-writes.ts';

interface Row {
  readonly event: ImageEvent;
  readonly sequence: number;
}

export class ImageRows extends RowWrites<Row> {
  constructor(db: Db) {
    const upsert = db.prepare<[string, number, string, string]>(
      `INSERT INTO images (id, sequence, added_at, body) VALUES (?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, added_at = excluded.added_at, body = excluded.body`,
    );
    const remove = db.prepare<[string]>('DELETE FROM images WHERE id = ?');
    super(({ event, sequence }) => {
      const image = foldImage(event);
      if (image) upsert.run(image.id, sequence, event.time, JSON.stringify(image));
      else remove.run(event.subject);
    });
  }

  fold(event: ImageEvent, sequence: number): void {
    this.add({ event, sequence });
  }
}
