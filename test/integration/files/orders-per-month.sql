with orders as (
  select stream_id, min(recorded_at) as since,
    arg_max(change, stream_position) filter (where change in ('c', 'd')) as last,
    arg_max(data ->> 'total', stream_position) filter (where json_exists(data, '$.total')) as total
  from read_json('category=order/*/*.ndjson.gz', format = 'newline_delimited', columns = {
    stream_id: 'VARCHAR', stream_position: 'BIGINT', recorded_at: 'TIMESTAMP', change: 'VARCHAR', data: 'JSON'})
  where recorded_at < getvariable('day')
  group by stream_id
)
select strftime(since, '%Y-%m') as month, count(*) as orders, sum(total::decimal(12, 2)) as total
from orders where last <> 'd' group by month order by month;
