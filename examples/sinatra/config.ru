require 'sinatra/base'

class Hello < Sinatra::Base
  get '/' do
    content_type :text
    "Hello from Sinatra #{Sinatra::VERSION} in container #{ENV['HOSTNAME']}\n"
  end
end

run Hello
