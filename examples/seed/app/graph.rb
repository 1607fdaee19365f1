require_relative 'json_client'

# Which document leads to which, in Neo4j.
class Graph
  def initialize(url)
    @client = JsonClient.new(url)
  end

  def put(id, title:, links:)
    run('MERGE (d:Document {id: $id}) SET d.title = $title ' \
        'WITH d OPTIONAL MATCH (d)-[old:LEADS_TO]->() DELETE old ' \
        'WITH DISTINCT d UNWIND $links AS target ' \
        'MERGE (t:Document {id: target}) MERGE (d)-[:LEADS_TO]->(t)',
        id: id, title: title, links: links)
  end

  # What can be reached in one step or several, the nearest first.
  def reachable_from(id)
    run('MATCH (start:Document {id: $id}), (d:Document) WHERE d <> start ' \
        'MATCH path = shortestPath((start)-[:LEADS_TO*1..10]->(d)) ' \
        'RETURN d.id, d.title, length(path) ORDER BY length(path), d.id', id: id).map do |target, title, steps|
      { id: target, title: title, steps: steps }
    end
  end

  def healthy?
    run('RETURN 1') == [[1]]
  end

  private

  # Returns the rows of the answer.
  def run(statement, parameters = {})
    _, answer = @client.request('post', '/db/neo4j/tx/commit', { statements: [{ statement: statement, parameters: parameters }] })
    error = answer['errors'].first
    raise JsonClient::Failure, "Neo4j: #{error['message']}" if error

    answer['results'].first['data'].map { |row| row['row'] }
  end
end
